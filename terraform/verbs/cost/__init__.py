"""What the environments cost: planned quantities times dated list prices."""
