"""Parts of the experiment `hostile_memory`: what is sent, how, and what is watched meanwhile."""
