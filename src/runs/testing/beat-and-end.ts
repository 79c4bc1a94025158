/** Starts a heartbeat; then stops it if asked to, else does nothing more, and must end by itself either way. */
import { Heartbeat } from '../heartbeat.ts';

const heartbeat = await Heartbeat.start({
  path: process.argv[2]!,
  intervalS: 3600,
  onFailure: console.error,
});
if (process.argv[3] === 'stop') await heartbeat.stop();
