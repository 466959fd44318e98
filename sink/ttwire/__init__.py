"""The contract between sink and viewer: values and codecs, no I/O."""
