"""A sink that writes files to an S3-compatible store, with its offsets in the same manifest entry."""
