From alpine
Run a
