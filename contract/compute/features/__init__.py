"""From a row's values to the model's input; derived features are one module for each dataset that has them."""
