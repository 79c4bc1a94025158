import { configSchema } from '../../config/index.ts';

const { preprocessing, data } = configSchema.parse({ preprocessing: { montage: 'double-banana' } });

/** Default settings for the bipolar recordings of the sample. */
export const TEST_SETTINGS = { ...preprocessing, sampling_rate: data.sampling_rate };
