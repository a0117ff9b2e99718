"""Ground everything stands on: settings, logs, instants, files. A leaf: nothing of ours is imported here."""
