/**
 * Where the compiled bridge to libtorch lies, and building it where there is none yet. In a clone `make setup` builds it; in
 * a bundle the first command that needs it does, or `bgb build-bridge` ahead of time.
 */
export { type BridgeBuilt, buildBridge, ensureBridge } from './build.ts';
export { type BridgePlace, bridgePlace } from './place.ts';
export { bridgeSourcesHash } from './sources-hash.ts';
