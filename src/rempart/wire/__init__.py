"""The shapes of what goes over HTTP, as JSON: requests, answers and problems. Hub and client share them."""
