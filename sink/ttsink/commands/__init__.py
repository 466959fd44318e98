"""The subcommands of `ttsink`: one module each, with `run(arguments) -> exit status`."""
