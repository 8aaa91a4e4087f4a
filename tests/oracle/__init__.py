"""Who else plays the durable service, so that ours is held against it."""
