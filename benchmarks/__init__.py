"""Measurements that are printed, side by side with what they are measured against; none of them is a test."""
