/** Downloads the OpenStack Swift and Keystone the tests run against; does nothing when they are there. */
import { openStackPackages } from './lab/openstack-packages.ts';

const { python } = await openStackPackages();
process.stdout.write(`OpenStack Swift and Keystone, on ${python}\n`);
