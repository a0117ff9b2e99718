"""The decisions, pure: values in, values out. Nothing here knows a clock, a file or a socket."""
