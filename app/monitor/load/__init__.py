"""Load tests: requests that leave on time, judged by the objectives that the alerts have too."""
