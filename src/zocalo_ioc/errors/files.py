"""Files, ports and packages that the IOC needs."""

from typing import Annotated

from ._examples import Reason
from ._groups import NotKept, SettingsInvalid

_Saved = Annotated[str, "BL03I-EA-ZOC-01.json"]

# -- what is kept -------------------------------------------------------------


class SavedUnreadable(NotKept):
    """The file is there, but can't be opened."""

    text = "Started without the values saved in {file}: {reason}"
    remedy = "Check the folder of --autosave"
    file: _Saved
    reason: Reason


class SavedDamaged(NotKept):
    """The file is not as the IOC writes it."""

    text = "Started without the values saved in {file}: it is damaged: {reason}"
    remedy = "The file is kept as {kept_as}"
    file: _Saved
    reason: Annotated[str, "Invalid JSON"]
    kept_as: Annotated[str, "BL03I-EA-ZOC-01.damaged"]


class SavedValueUnusable(NotKept):
    """Another version of the IOC has saved it, or somebody has edited the file."""

    text = "The saved {record} is not used: {reason}"
    record: Annotated[str, "TIMEOUT"]
    reason: Annotated[str, "it must be 0.1 to 86400 s"]


class SavedResultUnusable(NotKept):
    """It can't be read as a result."""

    text = "The saved result is not used: {reason}"
    reason: Annotated[str, "The recipe has no step 7."]


class NotSaved(NotKept):
    """The IOC goes on, and tries again every second. ``P:AUTOSAVE:OK`` is No."""

    text = "Can't save to {file}: {reason}"
    remedy = "Check the folder of --autosave"
    file: Annotated[str, "/var/lib/zocalo-ioc/i03/BL03I-EA-ZOC-01.json"]
    reason: Reason


class RejectedNotWritten(NotKept):
    """The message is rejected all the same."""

    text = "Can't write a rejected message to {file}: {reason}"
    remedy = "Check the folder of --rejected"
    file: Annotated[str, "/var/lib/zocalo-ioc/i03/BL03I-EA-ZOC-01.jsonl"]
    reason: Reason


# -- what the settings name ---------------------------------------------------


class PackageMissing(SettingsInvalid):
    """An extra of the distribution is not installed."""

    text = "{option} needs the {package} package"
    remedy = "Install zocalo-ioc[{extra}]"
    option: Annotated[str, "--metrics-port"]
    package: Annotated[str, "prometheus_client"]
    extra: Annotated[str, "metrics"]


class MetricsPortUnavailable(SettingsInvalid):
    """Prometheus could not connect."""

    text = "--metrics-port: can't listen at {address}:{port}: {reason}"
    remedy = "Give another port, or find out which program has this one"
    address: Annotated[str, "127.0.0.1"]
    port: Annotated[int, 9100]
    reason: Annotated[str, "Address already in use"]


class AccessSecurityUnreadable(SettingsInvalid):
    """The file can't be opened."""

    text = "--access-security: can't read {file}: {reason}"
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]
    reason: Reason


class AccessSecurityInvalid(SettingsInvalid):
    """EPICS does not accept the file."""

    text = "EPICS can't start with the access security file {file}"
    remedy = "EPICS says above which line is wrong"
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]


class FilesNotCopied(SettingsInvalid):
    """The folder can't be written."""

    text = "Can't copy to {folder}: {reason}"
    remedy = "Name another folder"
    folder: Annotated[str, "/opt/opi"]
    reason: Reason


class FilesNotInstalled(SettingsInvalid):
    """Screens and databases come with the distribution, not with the package."""

    text = "The folder {folder} is not installed"
    remedy = "Install zocalo-ioc with pip"
    folder: Annotated[str, "opi"]
