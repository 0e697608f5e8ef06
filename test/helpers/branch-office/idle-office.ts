// An office that does nothing, until this process is killed: for the test of what is left then.
import process from 'node:process';
import { openBranchOffice } from './office.ts';

const office = await openBranchOffice({ hosts: 1 });
const [host] = office.hosts;
host?.spawn('sleep', '600');
process.stdout.write(`${JSON.stringify({ folder: office.folder, host: host?.namespace })}\n`);
setInterval(() => undefined, 1000);
