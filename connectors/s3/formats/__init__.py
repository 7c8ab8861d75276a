"""The values of `format.class`: one file each."""
