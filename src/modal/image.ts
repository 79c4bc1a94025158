import type { Image, ModalClient } from 'modal';

/** Debian's python3 there finds its torch; the compiler and CUDA's headers for the bridge are in it. */
export const BASE_IMAGE = 'pytorch/pytorch:2.11.0-cuda13.0-cudnn9-devel';

/** Tells its libtorch, CUDA and compiler. */
export const IMAGE_TAG = BASE_IMAGE.slice(BASE_IMAGE.indexOf(':') + 1);

/** What is added to it: each a layer that Modal keeps by its content, so that an image is built once. */
export const LAYERS: readonly string[] = [
  'RUN command -v g++ > /dev/null || (apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*)',
  'ENV BGB_DISABLE_TQDM=1',
];

/** The image of every container; the code comes from the volume. */
export function imageOf(client: ModalClient): Image {
  return client.images.fromRegistry(BASE_IMAGE).dockerfileCommands([...LAYERS]);
}
