"""OpenStack Swift on free loopback ports: proxy, account, container and object server in this one process.

usage: swift-server.py DIR KEYSTONE_URL SERVICE_PASSWORD LISTING_LIMIT MAX_OBJECT_BYTES

Keeps configuration, rings and data below DIR; prints "ready PORT" with the proxy's port.
"""

import logging
import os
import sys

state, keystone_url, service_password, listing_limit, max_object_bytes = sys.argv[1:]
sys.argv[1:] = []

from swift.common import utils

os.makedirs(f"{state}/devices/d1", exist_ok=True)
with open(f"{state}/swift.conf", "w") as file:
    file.write(
        "[swift-hash]\nswift_hash_path_prefix = test\nswift_hash_path_suffix = test\n"
        "[storage-policy:0]\nname = Policy-0\ndefault = yes\n"
        f"[swift-constraints]\ncontainer_listing_limit = {listing_limit}\nmax_file_size = {max_object_bytes}\n"
    )
# Both before anything else of Swift is imported: it reads the file and patches the sockets.
utils.set_swift_dir(state)
utils.eventlet_monkey_patch()

import eventlet
from eventlet import wsgi
from swift.common.ring import RingBuilder
from swift.common.wsgi import NullLogger, SwiftHttpProtocol, loadapp
from swift.obj import server as object_server

KEYSTONE = f"""auth_type = password
username = swift
password = {service_password}
project_name = admin
user_domain_id = default
project_domain_id = default
"""

# proxy-logging is not there for its logs: without it the answer to HEAD on a container breaks HTTP parsers.
PROXY = f"""[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging listing_formats bulk tempurl authtoken s3api s3token keystoneauth copy container-quotas slo dlo versioned_writes symlink proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:tempurl]
use = egg:swift#tempurl
[filter:copy]
use = egg:swift#copy
[filter:container-quotas]
use = egg:swift#container_quotas
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:symlink]
use = egg:swift#symlink
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
[filter:s3token]
use = egg:swift#s3token
reseller_prefix = AUTH_
auth_uri = {keystone_url}
auth_url = {keystone_url}
{KEYSTONE}
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = {keystone_url}
auth_url = {keystone_url}
interface = public
delay_auth_decision = True
{KEYSTONE}
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
reseller_prefix = AUTH
"""


def configure(name, port, pipeline):
    path = f"{state}/{name}-server.conf"
    with open(path, "w") as file:
        file.write(
            f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nuser = root\nswift_dir = {state}\n"
            f"devices = {state}/devices\nmount_check = false\ndisable_fallocate = true\n{pipeline}"
        )
    return path


def make_ring(name, port):
    ring = RingBuilder(4, 1, 0)
    place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    ring.add_dev({"region": 1, "zone": 1, "device": "d1", "weight": 1.0, **place})
    ring.rebalance()
    ring.get_ring().save(f"{state}/{name}.ring.gz")


logging.basicConfig(level=logging.WARNING, filename=f"{state}/swift.log")
wsgi.HttpProtocol.default_request_version = "HTTP/1.0"
wsgi.HttpProtocol.log_request = lambda *arguments: None
wsgi.HttpProtocol.log_message = lambda *arguments: None

sockets = {name: eventlet.listen(("127.0.0.1", 0), backlog=1024) for name in ("account", "container", "object", "proxy")}
ports = {name: socket.getsockname()[1] for name, socket in sockets.items()}
for name in ("account", "container", "object"):
    make_ring(name, ports[name])

servers = []
for name, socket in sockets.items():
    storage = f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
    path = configure(name, ports[name], PROXY if name == "proxy" else storage)
    settings = {"log_name": f"{name}-server"}
    if name == "object":
        object_server.global_conf_callback({}, settings)
    application = loadapp(path, global_conf=settings)
    servers.append(
        eventlet.spawn(
            wsgi.server,
            socket,
            application,
            NullLogger(),
            protocol=SwiftHttpProtocol,
            socket_timeout=60.0,
            capitalize_response_headers=False,
            max_size=1024,
        )
    )
print("ready", ports["proxy"], flush=True)
for server in servers:
    server.wait()
