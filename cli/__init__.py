"""What the command lines of training, review, release and bench share: errors, console, files, `main`."""
