"""Changes of code while executions run: some break them, and must be reported; some do not, and must not be."""
