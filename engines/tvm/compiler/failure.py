"""How a compilation ends when it does not end well."""


class Unsupported(Exception):
    """TVM can't express the model: its importer lacks an operator, or a form of one."""
