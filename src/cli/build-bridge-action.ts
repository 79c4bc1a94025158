import { bridgePlace, buildBridge } from '../bridge/index.ts';
import { writeJson } from './output.ts';

/** Builds the bridge ahead of its first use, as for an image without a compiler. */
export function buildBridgeCommand({ json }: { json?: boolean }): void {
  const place = bridgePlace();
  const { libtorch } = buildBridge(place);
  if (json) writeJson({ addon: place.addon, libtorch });
  else
    process.stdout.write(
      `${place.addon}: for libtorch ${libtorch.version} (${libtorch.hasCuda ? 'CUDA' : 'CPU'}) in ${libtorch.libDir}\n`,
    );
}
