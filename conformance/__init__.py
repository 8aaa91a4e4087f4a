"""The conformance engine: runs a durable handler on the SDK's real code, interrupts it, and compares what happened."""
