import type { Agent, ClientRequest } from 'node:http';

/**
 * Has an agent close its idle connections when `request` used one again and it broke: a server that ended one while it was idle has
 * mostly ended them all, and the next tries would take them one by one. So whatever comes next gets a new connection.
 */
export function dropStaleConnections(agent: Agent, request: ClientRequest): void {
  request.once('error', () => {
    if (request.reusedSocket) {
      for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
        socket.destroy();
      }
    }
  });
}
