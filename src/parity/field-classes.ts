import type { Config, FieldName } from '../config/index.ts';
import { ofBatch, ofDevice, ofFiles, ofLearningRate, ofPrecision } from './consequences.ts';
import { FREE_REASONS, free, type Judgement, MUST_EQUAL, mayDiffer } from './judgement.ts';
import { unusedBecause } from './unused-fields.ts';

/** What it means that two configurations differ in a field; a function where it hangs on other fields. */
export type FieldClass = Judgement | ((a: Config, b: Config) => Judgement);

const { PLACE, LOADER, SHOWN, KEPT, IGNORED, REPEATS } = FREE_REASONS;
const SUMS = mayDiffer(
  'The last bits of sums differ (about 1e-7 relative a step in float32): nothing else does.',
);

/**
 * Every field of the schema: what a difference in it means. A test holds that the table is complete.
 * What a resumed run may change (RESULT_NEUTRAL_FIELDS of runs/) is never `must_equal` here.
 */
export const FIELD_CLASSES: Readonly<Record<FieldName, FieldClass>> = {
  'data.dataset': IGNORED,
  'data.data_dir': PLACE,
  'data.exclude': mayDiffer(
    'Other recordings are left out of the caches: what is trained on differs unless their recordings do, too.',
  ),
  'data.cache_dir': PLACE,
  'data.labels': MUST_EQUAL,
  'data.sampling_rate': MUST_EQUAL,
  'data.n_channels': MUST_EQUAL,
  'data.window_size': MUST_EQUAL,
  'data.stride': MUST_EQUAL,
  'data.residency': LOADER,
  'data.num_workers': LOADER,
  'data.pin_memory': LOADER,
  'data.persistent_workers': LOADER,
  'data.prefetch_factor': LOADER,
  'data.validation_split': MUST_EQUAL,
  'data.patient_pattern': mayDiffer(
    'Patients are read off the paths by different patterns: their names and the split have to come out the same.',
  ),
  'data.split_file': ofFiles('data.split_file', 'list the same patients'),
  'data.use_balanced_sampling': MUST_EQUAL,
  'data.balance.full_ratio': MUST_EQUAL,
  'data.balance.background_ratio': MUST_EQUAL,
  'data.balance.redraw_each_epoch': MUST_EQUAL,
  'data.allow_unbalanced_fallback': mayDiffer(
    'Where no window holds part of a seizure, one trains on the plain set and the other does not start.',
  ),
  'data.max_samples': MUST_EQUAL,
  'data.max_hours': MUST_EQUAL,
  'preprocessing.montage': MUST_EQUAL,
  'preprocessing.channels': MUST_EQUAL,
  'preprocessing.reference': MUST_EQUAL,
  'preprocessing.resample': MUST_EQUAL,
  'preprocessing.length': MUST_EQUAL,
  'preprocessing.filter': MUST_EQUAL,
  'preprocessing.bandpass': MUST_EQUAL,
  'preprocessing.notch_freq': MUST_EQUAL,
  'preprocessing.normalize': MUST_EQUAL,
  'preprocessing.running_time_constant_s': MUST_EQUAL,
  'preprocessing.clip': MUST_EQUAL,
  'preprocessing.use_mne': IGNORED,
  'model.name': MUST_EQUAL,
  'model.encoder.stages': MUST_EQUAL,
  'model.encoder.channels': MUST_EQUAL,
  'model.encoder.kernel_size': MUST_EQUAL,
  'model.encoder.downsample_factor': MUST_EQUAL,
  'model.rescnn.n_blocks': MUST_EQUAL,
  'model.rescnn.kernel_sizes': MUST_EQUAL,
  'model.rescnn.dropout': MUST_EQUAL,
  'model.mamba.n_layers': MUST_EQUAL,
  'model.mamba.d_model': MUST_EQUAL,
  'model.mamba.d_state': MUST_EQUAL,
  'model.mamba.conv_kernel': MUST_EQUAL,
  'model.mamba.expand': MUST_EQUAL,
  'model.mamba.head_dim': MUST_EQUAL,
  'model.mamba.dropout': MUST_EQUAL,
  'model.decoder.stages': MUST_EQUAL,
  'model.decoder.kernel_size': MUST_EQUAL,
  'postprocessing.hysteresis.tau_on': MUST_EQUAL,
  'postprocessing.hysteresis.tau_off': MUST_EQUAL,
  'postprocessing.hysteresis.min_onset_samples': MUST_EQUAL,
  'postprocessing.hysteresis.min_offset_samples': MUST_EQUAL,
  'postprocessing.morphology.opening_kernel': MUST_EQUAL,
  'postprocessing.morphology.closing_kernel': MUST_EQUAL,
  'postprocessing.duration.min_duration_s': MUST_EQUAL,
  'postprocessing.duration.max_duration_s': MUST_EQUAL,
  'postprocessing.events.tau_merge': MUST_EQUAL,
  'postprocessing.events.confidence_method': MUST_EQUAL,
  'postprocessing.events.confidence_percentile': MUST_EQUAL,
  'postprocessing.stitching.method': MUST_EQUAL,
  'postprocessing.stitching.window_size': MUST_EQUAL,
  'postprocessing.stitching.stride': MUST_EQUAL,
  'training.epochs': MUST_EQUAL,
  'training.batch_size': ofBatch,
  'training.loss': MUST_EQUAL,
  'training.focal_alpha': MUST_EQUAL,
  'training.focal_gamma': MUST_EQUAL,
  'training.pos_weight': MUST_EQUAL,
  'training.learning_rate': ofLearningRate,
  'training.weight_decay': MUST_EQUAL,
  'training.optimizer': MUST_EQUAL,
  'training.momentum': MUST_EQUAL,
  'training.scheduler.type': MUST_EQUAL,
  'training.scheduler.warmup_ratio': MUST_EQUAL,
  'training.gradient_clip': MUST_EQUAL,
  'training.gradient_accumulation_steps': ofBatch,
  'training.mixed_precision': ofPrecision,
  'training.tf32': ofPrecision,
  'training.deterministic': mayDiffer(
    'Only one of them gives the same bits twice on a GPU; the other differs in the last bits of sums.',
  ),
  'training.init_from': ofFiles('training.init_from', 'hold the same weights'),
  'training.ema_decay': MUST_EQUAL,
  'training.resume': KEPT,
  'training.early_stopping.patience': MUST_EQUAL,
  'training.early_stopping.metric': MUST_EQUAL,
  'training.early_stopping.mode': MUST_EQUAL,
  'training.checkpoint_interval': KEPT,
  'training.checkpoint_minutes': KEPT,
  'training.keep_checkpoints': KEPT,
  'training.guards.skipped_steps': mayDiffer('It decides only when a failing run is stopped.'),
  'training.guards.collapse_epochs': mayDiffer('It decides only when a collapsed run is stopped.'),
  'training.guards.collapse_auroc': mayDiffer('It decides only when a collapsed run is stopped.'),
  'training.guards.collapse_probability': mayDiffer('It decides only when a collapsed run is stopped.'),
  'training.augmentation.gain': MUST_EQUAL,
  'training.augmentation.polarity': MUST_EQUAL,
  'training.augmentation.channel_dropout': MUST_EQUAL,
  'training.augmentation.left_right_flip': MUST_EQUAL,
  'training.augmentation.channel_shuffle': MUST_EQUAL,
  'evaluation.metrics': IGNORED,
  'evaluation.fa_rates': mayDiffer('Other figures are reported; what is trained is the same.'),
  'evaluation.save_predictions': KEPT,
  'evaluation.save_plots': KEPT,
  'experiment.name': SHOWN,
  'experiment.description': SHOWN,
  'experiment.seed': MUST_EQUAL,
  'experiment.device': ofDevice,
  'experiment.output_dir': PLACE,
  'experiment.cache_dir': PLACE,
  'experiment.log_level': SHOWN,
  'experiment.save_model': KEPT,
  'experiment.save_best_only': KEPT,
  'experiment.wandb.enabled': IGNORED,
  'experiment.wandb.project': IGNORED,
  'experiment.wandb.entity': IGNORED,
  'experiment.wandb.tags': IGNORED,
  'logging.log_every_n_steps': SHOWN,
  'logging.log_gradients': SHOWN,
  'logging.log_weights': SHOWN,
  'resources.max_memory_gb': LOADER,
  'resources.threads': SUMS,
  'resources.processes': SUMS,
  'resources.distributed': REPEATS,
  'resources.compile_model': IGNORED,
  'resources.mixed_precision': REPEATS,
};

/**
 * What a difference in a field means, as it stands in a configuration. A section that may be null as a whole, such as
 * `training.early_stopping`, is judged by its fields. A field that decides nothing beside others is free; one that no table
 * knows must be equal.
 */
export function judge(field: string, a: Config, b: Config): Judgement {
  const unused = unusedBecause(field, a, b);
  if (unused !== null) return free(unused);
  const judged = Object.entries(FIELD_CLASSES)
    .filter(([name]) => name === field || name.startsWith(`${field}.`))
    .map(([, entry]) => (typeof entry === 'function' ? entry(a, b) : entry));
  return judged.find(({ kind }) => kind === 'must_equal') ?? judged[0] ?? MUST_EQUAL;
}
