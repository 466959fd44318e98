"""The server: takes batches in, keeps the newest records of every job and worker, streams them."""
