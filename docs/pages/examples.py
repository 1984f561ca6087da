"""What stands in the reference where the program fills something in.

A key is an expression as the source has it, without `self.`, or the file and the
expression where it means something else there than elsewhere. A value that has several
forms has one example for each.
"""

from collections.abc import Mapping, Sequence

from zocalo_ioc.records import MAX_NAME
from zocalo_ioc.settings import ENV_PREFIX, MAX_PREFIX
from zocalo_ioc.wire import TRIGGER_QUEUE
from zocalo_simulator.names import Trouble

_FOLDER = "/var/lib/zocalo-ioc/i03"
_PYDANTIC = "parameters.dcid: Field required"
_REFUSED = "node1:5672 refused the user name or password. Check those in --broker."
_DENIED = "node1:5672 does not let this user write messages. Check its rights."
_NO_QUEUE = (
    "node1:5672 has no queue xrc.i03. Check --results-queue and the virtual host, "
    "or have it made."
)

EXAMPLES: Mapping[str, Sequence[str]] = {
    # of messages to and from the broker
    "address": ["node1:5672"],
    "alert[1]": ["CERTIFICATE_REQUIRED"],
    "cause.reason or cause": ["WRONG_VERSION_NUMBER"],
    "broker/_trouble.py: code": ["320"],
    "broker/_trouble.py: text": ["CONNECTION_FORCED - operator shut it down"],
    "cause.verify_message.rstrip('.')": ["certificate has expired"],
    "connection_trouble: lost": ["Stream connection lost: ConnectionResetError"],
    "connection_trouble: why": ["certificate has expired"],
    "broker/_publisher.py: trouble()": ["what is wrong with the connection"],
    "broker/_publisher.py: where": ["the default exchange"],
    "complaints(error)": ["dcid: Input should be a valid integer"],
    "complaints(error, where)": [_PYDANTIC],
    "consumer.queue": ["xrc.i03"],
    "exchange": ["results"],
    "message.routing_key": [TRIGGER_QUEUE],
    "method.routing_key": [TRIGGER_QUEUE],
    "queue": ["xrc.i03"],
    "type(error).__name__": ["ValueError"],
    "within": ["10"],
    # of requests and results
    "', '.join(_Submission.model_fields)": [
        "dcid, dcgid, filename, start_frame, num_frames, message_index, recipes, "
        "parameters, command"
    ],
    "MAX_BODY": ["4194304"],
    "clients/_submission.py: complaint": ["START_FRAME: it must be 0 to 2147483647"],
    "command": ["process"],
    "dcid": ["1234567"],
    "len(body)": ["5000000"],
    "named": ["SUBMIT"],
    "num_frames": ["0"],
    "pointer": ["7"],
    "record": ["SEND"],
    "wire/_recipes.py: error": ["expected value at line 1 column 1"],
    "wire/_triggers.py: error": ["expected value at line 1 column 1"],
    "wire/_triggers.py: why": [
        "dcid: Input should be a valid integer",
        "the commands of one list must be the same",
        "each dcid of one list must be another",
    ],
    # of records
    "ioc/_ioc.py: name": ["TIMEOUT"],
    "ioc/_ioc.py: why": [
        "it must be 0.1 to 86400 s",
        "there is no such record",
    ],
    "ioc/_ioc.py: problem": ["The recipe has no step 7."],
    "ioc/_status.py: name": ["NUM_FRAMES"],
    "ioc/_status.py: why": ["-1: it must be 0 to 2147483647"],
    "records/_record.py: ', '.join(choices)": ["max_count, total_count, n_voxels"],
    "records/_record.py: high": ["86400"],
    "records/_record.py: length - 1": ["255"],
    "records/_record.py: low": ["0.1"],
    "records/_record.py: meaning": [" s"],
    "records/_record.py: type(initial).__name__": ["str"],
    # of files and settings
    "', '.join(Trouble)": [", ".join(Trouble)],
    "'; '.join(dict.fromkeys(complaints))": [
        "--prefix is missing: give it, set ZOCALO_IOC_PREFIX, or write prefix in the "
        "settings file"
    ],
    "*_parsing_trouble(error)": [
        "unrecognized arguments: --qeue. See the command's --help."
    ],
    "ENV_PREFIX": [ENV_PREFIX],
    "MAX_NAME": [str(MAX_NAME)],
    "MAX_PREFIX": [str(MAX_PREFIX)],
    "_complaint: message.removeprefix('Value error, ')": ["what it must be"],
    "_complaint: message": ["or give --zocalo-environment"],
    "_complaint: option": ["--broker"],
    "_complaint: setting": ["broker"],
    "_complaint: setting.upper()": ["BROKER"],
    "autosave.py: why": ["it is damaged: Invalid JSON"],
    "beside.name": ["BL03I-EA-ZOC-01.damaged"],
    "environment": ["bluesky"],
    "error.strerror": ["Permission denied"],
    "error.strerror or error": ["No such file or directory"],
    "file": ["i03.yaml"],
    "file.name": ["BL03I-EA-ZOC-01.json"],
    "folder": [_FOLDER],
    "files.py: folder": ["opi"],
    "known": ["bluesky, dev_bluesky"],
    "len(grids)": ["2"],
    "len(hosts)": ["3"],
    "len(ports)": ["2"],
    "len(values)": ["3"],
    "mark.line + 1": ["3"],
    "metrics.py: address": ["127.0.0.1"],
    "name.replace('_', '-')": ["num-frames"],
    "option": ["--ca-file"],
    "port": ["9100"],
    "prefix": ["BL03I-EA-ZOC-01"],
    "records/_puts.py: file": ["/etc/zocalo-ioc/i03.acf"],
    "rejected.file": [f"{_FOLDER}/BL03I-EA-ZOC-01.jsonl"],
    "settings/_run.py: file": ["site-ca.pem"],
    "settings/_zocalo.py: where": ["configuration.yaml"],
    "target": ["/opt/opi"],
    "__main__.py: name": ["rnu"],
    # of findings
    "TRIGGER_QUEUE": [TRIGGER_QUEUE],
    "_certificate: what": ["TLS node1:5671"],
    "_own_queue: queue": ["zocalo-ioc.BL03I-EA-ZOC-01.results.xrc.i03"],
    "_own_queue: what": ["exchange results"],
    "_reach: connection_trouble(address, error)": [
        "Nothing listens at node1:5672. Is the broker running?"
    ],
    "check/_broker.py: consumer_trouble(consumer, address, why)": [_NO_QUEUE],
    "check/_broker.py: connection_trouble(address, error)": [_REFUSED],
    "check/_broker.py: publisher_problem(address, why)": [_DENIED],
    "check/_broker.py: why.reply_text": ["NOT_FOUND - no queue"],
    "check/_check.py: without_passwords(str(problem))": ["--prefix is missing: …"],
    "check/_epics.py: address": ["127.0.0.1"],
    "check/_epics.py: file": ["/etc/zocalo-ioc/i03.acf"],
    "check/_epics.py: interface": ["192.168.3.1"],
    "check/_epics.py: names[1]": ["EPICS_CA_SERVER_PORT"],
    "check/_epics.py: port": ["5064"],
    "text": ["banana"],
    "check/_epics.py: why": ["Address already in use"],
    "check/_files.py: option": ["autosave"],
    "connection.version()": ["TLSv1.3"],
    "consumers": ["1"],
    "days": ["80"],
    "len(longest)": ["39"],
    "len(names)": ["153"],
    "longest": ["BL03I-EA-ZOC-01:IOC:SCANONCE_Q_OVERRUNS"],
    "node.virtual_host": ["zocalo"],
    "os.strerror(error.errno or 0)": ["Permission denied"],
    "server": ["Channel Access"],
    "time.strftime('%Y-%m-%d %H:%M', time.gmtime(ends))": ["2027-02-10 12:00"],
    "what": ["queue xrc.i03"],
    "variable": ["EPICS_CA_SERVER_PORT"],
}
