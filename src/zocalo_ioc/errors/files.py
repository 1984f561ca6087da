"""Files, ports and packages that the IOC needs, and what is in files."""

from typing import Annotated

from ._examples import Prefix, Reason
from ._groups import NotKept, NotStarted, SettingsInvalid

_BrokerFile = Annotated[str, "/etc/zocalo-ioc/broker.url"]
_Configuration = Annotated[str, "/dls_sw/apps/zocalo/configuration.yaml"]
_Saved = Annotated[str, "BL03I-EA-ZOC-01.json"]
_Settings = Annotated[str, "i03.yaml"]

URL_FORM = "amqp://user:password@host:5672/vhost"
"""How the URL of a broker is written."""

# -- what is kept -------------------------------------------------------------


class SavedUnreadable(NotKept):
    text = "Started without the values saved in {file}: {reason}"
    remedy = "Check the folder of --autosave; the file is kept as {kept_as}"
    cause = "The file exists, but can't be read."
    file: _Saved
    reason: Reason
    kept_as: Annotated[str, "BL03I-EA-ZOC-01.unreadable"]


class SavedDamaged(NotKept):
    text = "Started without the values saved in {file}: it is damaged: {reason}"
    remedy = "The file is kept as {kept_as}"
    cause = "The file is not as the IOC writes it."
    file: _Saved
    reason: Annotated[str, "Invalid JSON"]
    kept_as: Annotated[str, "BL03I-EA-ZOC-01.damaged"]


class SavedValueUnusable(NotKept):
    text = "The saved {record} is not used: {reason}"
    cause = "Another version of the IOC saved it, or the file was edited."
    record: Annotated[str, "TIMEOUT"]
    reason: Annotated[str, "it must be 0.1 to 86400 s"]


class SavedResultUnusable(NotKept):
    text = "The saved result is not used: {reason}"
    cause = "The saved message is not a valid result."
    reason: Annotated[str, "The recipe has no step 7."]


class NotSaved(NotKept):
    text = "Can't save to {file}: {reason}"
    remedy = "Check the folder of --autosave"
    cause = (
        "The IOC keeps running, and tries again every second. ``P:AUTOSAVE:OK`` is No."
    )
    file: Annotated[str, "/var/lib/zocalo-ioc/i03/BL03I-EA-ZOC-01.json"]
    reason: Reason


class RejectedNotWritten(NotKept):
    text = "Can't write a rejected message to {file}: {reason}"
    remedy = "Check the folder of --rejected"
    cause = "The message is still rejected."
    file: Annotated[str, "/var/lib/zocalo-ioc/i03/BL03I-EA-ZOC-01.jsonl"]
    reason: Reason


# -- what the settings name ---------------------------------------------------


class PackageMissing(SettingsInvalid):
    text = "{option} needs the {package} package"
    remedy = "Install zocalo-ioc[{extra}]"
    cause = "An extra of the distribution is not installed."
    option: Annotated[str, "--metrics-port"]
    package: Annotated[str, "prometheus_client"]
    extra: Annotated[str, "metrics"]


class MetricsPortUnavailable(SettingsInvalid):
    text = "--metrics-port: can't listen at {address}:{port}: {reason}"
    remedy = "Choose another port, or find the program that uses this one"
    cause = "Prometheus could not connect."
    address: Annotated[str, "127.0.0.1"]
    port: Annotated[int, 9100]
    reason: Annotated[str, "Address already in use"]


class FileUnreadable(SettingsInvalid):
    text = "{option}: can't read {file}: {reason}"
    cause = "The file can't be opened, or is not text."
    option: Annotated[str, "--access-security"]
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]
    reason: Reason


class AccessSecurityInvalid(SettingsInvalid):
    text = "EPICS can't start with the access security file {file}"
    remedy = "See the line that EPICS names above"
    cause = "EPICS does not accept the file."
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]


class FilesNotCopied(SettingsInvalid):
    text = "Can't copy to {folder}: {reason}"
    remedy = "Choose another folder"
    cause = "The folder can't be written."
    folder: Annotated[str, "/opt/opi"]
    reason: Reason


class FilesNotInstalled(SettingsInvalid):
    text = "The folder {folder} is not installed"
    remedy = "Install zocalo-ioc with pip"
    cause = "Screens and databases come with the distribution, not with the package."
    folder: Annotated[str, "opi"]


class CertificateUnusable(SettingsInvalid):
    text = "{option}: can't use {file}: {reason}"
    remedy = (
        "It must hold PEM certificates, and the key must belong to them and have no "
        "password"
    )
    cause = "The file is missing, or is not a PEM certificate or key."
    option: Annotated[str, "--ca-file"]
    file: Annotated[str, "/etc/zocalo-ioc/ca.pem"]
    reason: Annotated[str, "No such file or directory"]


# -- the settings file --------------------------------------------------------


class SettingsNotYaml(SettingsInvalid):
    text = "{file} is not YAML{where}"
    cause = "The file can't be parsed."
    file: _Settings
    where: Annotated[str, " at or before line 3"]


class SettingsEmpty(SettingsInvalid):
    text = "{file} has no settings"
    remedy = "Write lines such as prefix: P"
    cause = "The file is YAML, but has no keys."
    file: _Settings


# -- where the broker is ------------------------------------------------------


class BrokerLineUnusable(SettingsInvalid):
    text = "--broker-file: can't use line {line} of {file}; {advice}"
    cause = "A line of the file is not the URL of a broker."
    line: Annotated[int, 2]
    file: _BrokerFile
    advice: Annotated[str, f"write it as a URL: {URL_FORM}"]


class BrokerFileEmpty(SettingsInvalid):
    text = "--broker-file: {file} has no URL"
    remedy = f"Write {URL_FORM}"
    cause = "The file has only comments and empty lines."
    file: _BrokerFile


class ZocaloConfigurationUnknown(SettingsInvalid):
    text = "--zocalo-environment needs the site's configuration"
    remedy = "Set ZOCALO_CONFIG, or give --zocalo-config"
    cause = "Neither the option nor the environment names the file."


class ZocaloConfigurationUnusable(SettingsInvalid):
    text = "--zocalo-config: can't use {file} ({error})"
    remedy = "Try it with zocalo's own commands"
    cause = "Zocalo, or a plugin that the file names, does not accept it."
    file: _Configuration
    error: Annotated[str, "ConfigurationError"]


class ZocaloEnvironmentUnknown(SettingsInvalid):
    text = "--zocalo-environment: {file} has no environment {environment}"
    remedy = "It has {known}"
    cause = "The configuration has others."
    file: _Configuration
    environment: Annotated[str, "i04"]
    known: Annotated[str, "devrmq, live"]


class ZocaloEnvironmentWithoutBroker(SettingsInvalid):
    text = "--zocalo-environment: {environment} does not say where RabbitMQ is"
    remedy = "It needs a plugin of the kind pika"
    cause = "The environment is for something else."
    environment: Annotated[str, "live"]


class ZocaloPortsDiffer(SettingsInvalid):
    text = "--zocalo-environment: give RabbitMQ one port, or one for each host"
    remedy = "There are {hosts} hosts and {ports} ports"
    cause = "The configuration lists hosts and ports that do not match."
    hosts: Annotated[int, 3]
    ports: Annotated[int, 2]


# -- what another IOC has -----------------------------------------------------


class SavedByAnother(NotStarted):
    text = "Another IOC saves its values to {file}"
    remedy = "Stop the other IOC, or set --autosave to another folder"
    cause = (
        "Two would overwrite each other's values. The lock ends with the other process."
    )
    file: Annotated[str, "BL03I-EA-ZOC-01.json"]


class ChannelAccessUnusable(NotStarted):
    text = "EPICS can't serve Channel Access at UDP port {where}: {reason}"
    remedy = "Check EPICS_CAS_INTF_ADDR_LIST and EPICS_CA_SERVER_PORT"
    cause = (
        "The address is not one of this machine, or another program uses the port "
        "exclusively."
    )
    where: Annotated[str, "5064 of 192.168.3.1"]
    reason: Annotated[str, "Cannot assign requested address"]


class PrefixServed(NotStarted):
    text = "Another IOC serves {prefix}, at {address}"
    remedy = "Stop the other IOC, or choose another --prefix"
    cause = "Clients could get the values of either IOC."
    prefix: Prefix
    address: Annotated[str, "bl03i-ea-serv-01:5064"]
