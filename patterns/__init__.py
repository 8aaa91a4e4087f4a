"""Seven AI workflows as durable functions: open one file, read it from top to bottom, start yours from it."""
