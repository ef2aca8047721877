"""The OpenAPI document, made from the served bundle."""
