"""OpenStack Keystone on a free loopback port, in this one process, with its state in one directory.

usage: keystone-server.py DIR ADMIN_PASSWORD

Makes database and keys when DIR is new, then serves API v3 and prints "ready PORT".
"""

import os
import sqlite3
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

state, admin_password = sys.argv[1:]
# What follows reads sys.argv as options of its own.
sys.argv[1:] = []

import keystone.conf
from keystone.cmd import bootstrap
from keystone.server.flask import core

CONFIGURATION = f"""[DEFAULT]
log_file = {state}/keystone.log
[database]
connection = sqlite:///{state}/keystone.db
[cache]
enabled = true
backend = dogpile.cache.memory
[token]
provider = fernet
[fernet_tokens]
key_repository = {state}/fernet
[fernet_receipts]
key_repository = {state}/receipts
[credential]
key_repository = {state}/credentials
[identity]
password_hash_rounds = 4
"""


def make_state():
    """Keys and an empty database; runs once the configuration has been read."""
    if os.path.exists(f"{state}/keystone.db"):
        return
    from keystone.common import fernet_utils
    from keystone.common.sql import upgrades

    for folder, group in (("fernet", "fernet_tokens"), ("receipts", "fernet_receipts"), ("credentials", "credential")):
        os.makedirs(f"{state}/{folder}", 0o700)
        keys = fernet_utils.FernetUtils(f"{state}/{folder}", 3, group)
        keys.create_key_directory()
        keys.initialize_key_repository()
    # Without write-ahead logging two requests at once end in "database is locked".
    connection = sqlite3.connect(f"{state}/keystone.db")
    connection.execute("pragma journal_mode=wal")
    connection.close()
    upgrades.offline_sync_database_to_version()


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def address_string(self):
        return self.client_address[0]

    def log_message(self, *arguments):
        pass


os.makedirs(state, 0o700, exist_ok=True)
with open(f"{state}/keystone.conf", "w") as file:
    file.write(CONFIGURATION)
application = core.initialize_application(
    "public", post_log_configured_function=make_state, config_files=[f"{state}/keystone.conf"]
)
server = Server(("127.0.0.1", 0), Handler)
server.set_app(application)

# The backends are loaded already; loading them twice fails.
bootstrap.backends.load_backends = lambda: None
first = bootstrap.Bootstrapper()
first.admin_username, first.admin_password, first.project_name = "admin", admin_password, "admin"
first.admin_role_name, first.member_role_name, first.reader_role_name = "admin", "member", "reader"
first.service_role_name = "service"
first.service_name, first.region_id, first.immutable_roles = "keystone", "RegionOne", False
first.public_url = first.internal_url = f"http://127.0.0.1:{server.server_port}/v3"
first.bootstrap()

print("ready", server.server_port, flush=True)
server.serve_forever()
