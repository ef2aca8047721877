"""The fast readers of YAML, in C where the package has them, as its wheels do."""

from typing import Any

import yaml

# YAML 1.1, as Kubernetes reads it: `=`, a matcher of Alertmanager, is only a text there
LOADER: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
LOADER.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)
# every value as the text that stands there: for the thousands of overlays of a history
TEXT_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
YAMLError = yaml.YAMLError


def load_once(text: str) -> Any:
    """One document, in which no key stands twice.

    Raises: YAMLError.
    """
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        check_keys(node)
        return loader.construct_document(node)
    except (RecursionError, ValueError) as error:  # nested without end, or a date that is none
        raise YAMLError(str(error)) from error
    finally:
        loader.dispose()


def check_keys(node: yaml.Node) -> None:
    """Raises: YAMLError for a mapping in which of two equal keys only the last would count."""
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise YAMLError(f"key {twice!r} stands twice{node.start_mark}")
    if isinstance(node, yaml.CollectionNode):
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                check_keys(part)
