"""What a bundle keeps of where it comes from, row by row and wish by wish, for the gate to hold against today's."""
