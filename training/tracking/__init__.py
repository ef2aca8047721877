"""The record of runs and models in MLflow. A view: Git decides what runs."""
