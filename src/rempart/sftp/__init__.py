"""The gateway by which files come over SFTP: it authenticates clients by their SSH keys and passes files to the hub.

A program of its own that holds no database access and no client's key; it imports the published client and nothing
else of ours. What it may do and why: docs/decisions/0022-sftp.md.
"""
