"""A sink that writes files to S3, each committed once, together with the offset, by one entry.

The class is in `connector`, which needs boto3; the commands are listed without it.
"""
