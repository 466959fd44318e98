"""What is known of jobs, workers and queues."""
