"""What can be wrong with a bundle, its report, its schema, or a row that is held against it."""


class ContractError(ValueError):
    """Something does not keep the contract; the text names it, what was found and what was expected."""


class BundleError(ContractError):
    """A bundle that cannot be trusted or understood."""


class ReportError(ContractError):
    """A gate report, or a record of an approval, that cannot be read or does not fit what it is of."""


class RowError(ContractError):
    """A row that the schema refuses.

    `code` is stable and safe to show; `field` is a name from the schema, never from the input.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
