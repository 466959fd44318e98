"""The viewer: job logs, job state and traces on one terminal screen."""
