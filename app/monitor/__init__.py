"""What watches a served model from outside its process: rules, dashboards, reports, load."""
