import type { Config } from './schema.ts';

/** What bgb does with a field: rooms that read it, or why it changes nothing. */
export type FieldUse = { readonly usedBy: readonly string[] } | { readonly ignored: string };

/** Dotted names of all values: `data.stride`. A list is one value, and so is a map. */
export type FieldName = Leaves<Config>;

type Leaves<Section> = {
  [Name in keyof Section & string]: NonNullable<Section[Name]> extends readonly unknown[]
    ? Name
    : NonNullable<Section[Name]> extends object
      ? string extends keyof NonNullable<Section[Name]>
        ? Name
        : `${Name}.${Leaves<NonNullable<Section[Name]>>}`
      : Name;
}[keyof Section & string];

function used(...rooms: string[]): FieldUse {
  return { usedBy: rooms };
}

const WANDB = 'Weights & Biases is not supported yet; events and TensorBoard files are in the run folder.';

/**
 * Every field of the schema (failures H3). A test holds that the table is complete and that each room named
 * really reads the field. Fields that only repeat another (agreement.ts) are used by `config`.
 */
export const FIELDS: Readonly<Record<FieldName, FieldUse>> = {
  'data.dataset': {
    ignored: 'Annotations are recognised by their own form, whatever the data set.',
  },
  'data.data_dir': used('cli'),
  'data.exclude': used('cli', 'doctor'),
  'data.cache_dir': used('cli', 'train'),
  'data.labels': used('cli', 'train'),
  'data.sampling_rate': used('signal', 'cache', 'train'),
  'data.n_channels': used('config', 'train'),
  'data.window_size': used('config'),
  'data.stride': used('config'),
  'data.residency': used('data', 'train'),
  'data.num_workers': used('train'),
  'data.pin_memory': used('data', 'train'),
  'data.persistent_workers': used('train'),
  'data.prefetch_factor': used('train'),
  'data.validation_split': used('cli'),
  'data.patient_pattern': used('cli', 'train'),
  'data.split_file': used('cli'),
  'data.use_balanced_sampling': used('data', 'train'),
  'data.balance.full_ratio': used('data'),
  'data.balance.background_ratio': used('data'),
  'data.balance.redraw_each_epoch': used('data'),
  'data.allow_unbalanced_fallback': used('data'),
  'data.max_samples': used('data', 'train'),
  'data.max_hours': used('data', 'train'),
  'preprocessing.montage': used('signal', 'cache'),
  'preprocessing.channels': used('signal', 'cache'),
  'preprocessing.reference': used('signal', 'cache'),
  'preprocessing.resample': used('signal', 'cache'),
  'preprocessing.length': used('signal', 'cache'),
  'preprocessing.filter': used('signal', 'cache'),
  'preprocessing.bandpass': used('signal', 'cache'),
  'preprocessing.notch_freq': used('signal', 'cache'),
  'preprocessing.normalize': used('signal', 'cache'),
  'preprocessing.running_time_constant_s': used('signal', 'cache'),
  'preprocessing.clip': used('signal', 'cache'),
  'preprocessing.use_mne': { ignored: 'bgb reads and filters EDF itself, without MNE.' },
  'model.name': used('model', 'train'),
  'model.encoder.stages': used('config'),
  'model.encoder.channels': used('model'),
  'model.encoder.kernel_size': used('model'),
  'model.encoder.downsample_factor': used('model'),
  'model.rescnn.n_blocks': used('model'),
  'model.rescnn.kernel_sizes': used('model'),
  'model.rescnn.dropout': used('model'),
  'model.mamba.n_layers': used('model'),
  'model.mamba.d_model': used('config'),
  'model.mamba.d_state': used('model'),
  'model.mamba.conv_kernel': used('model'),
  'model.mamba.expand': used('model'),
  'model.mamba.head_dim': used('model'),
  'model.mamba.dropout': used('model'),
  'model.decoder.stages': used('config'),
  'model.decoder.kernel_size': used('model'),
  'postprocessing.hysteresis.tau_on': used('post'),
  'postprocessing.hysteresis.tau_off': used('post'),
  'postprocessing.hysteresis.min_onset_samples': used('post'),
  'postprocessing.hysteresis.min_offset_samples': used('post'),
  'postprocessing.morphology.opening_kernel': used('post'),
  'postprocessing.morphology.closing_kernel': used('post'),
  'postprocessing.duration.min_duration_s': used('post'),
  'postprocessing.duration.max_duration_s': used('post'),
  'postprocessing.events.tau_merge': used('post'),
  'postprocessing.events.confidence_method': used('post'),
  'postprocessing.events.confidence_percentile': used('post'),
  'postprocessing.stitching.method': used('post'),
  'postprocessing.stitching.window_size': used('data', 'post', 'train'),
  'postprocessing.stitching.stride': used('data', 'post', 'train'),
  'training.epochs': used('train'),
  'training.batch_size': used('train'),
  'training.loss': used('train'),
  'training.focal_alpha': used('train'),
  'training.focal_gamma': used('train'),
  'training.pos_weight': used('train'),
  'training.learning_rate': used('train'),
  'training.weight_decay': used('train'),
  'training.optimizer': used('train'),
  'training.momentum': used('train'),
  'training.scheduler.type': used('train'),
  'training.scheduler.warmup_ratio': used('train'),
  'training.gradient_clip': used('train'),
  'training.gradient_accumulation_steps': used('train'),
  'training.mixed_precision': used('train'),
  'training.tf32': used('train'),
  'training.deterministic': used('train'),
  'training.init_from': used('train'),
  'training.ema_decay': used('train'),
  'training.resume': used('cli', 'train'),
  'training.early_stopping.patience': used('train'),
  'training.early_stopping.metric': used('train'),
  'training.early_stopping.mode': used('config'),
  'training.checkpoint_interval': used('train'),
  'training.checkpoint_minutes': used('train'),
  'training.keep_checkpoints': used('train'),
  'training.guards.skipped_steps': used('train'),
  'training.guards.collapse_epochs': used('train'),
  'training.guards.collapse_auroc': used('train'),
  'training.guards.collapse_probability': used('train'),
  'training.augmentation.gain': used('train'),
  'training.augmentation.polarity': used('train'),
  'training.augmentation.channel_dropout': used('train'),
  'training.augmentation.left_right_flip': used('train'),
  'training.augmentation.channel_shuffle': used('train'),
  'evaluation.metrics': { ignored: 'All metrics are measured and reported, whichever it lists.' },
  'evaluation.fa_rates': used('score', 'train'),
  'evaluation.save_predictions': used('score', 'train', 'cli'),
  'evaluation.save_plots': { ignored: 'bgb draws no plots; the report has tables.' },
  'experiment.name': used('config', 'train'),
  'experiment.description': used('cli', 'train'),
  'experiment.seed': used('train'),
  'experiment.device': used('config', 'train'),
  'experiment.output_dir': used('cli', 'train'),
  'experiment.cache_dir': used('config'),
  'experiment.log_level': used('cli', 'train'),
  'experiment.save_model': used('train'),
  'experiment.save_best_only': used('train'),
  'experiment.wandb.enabled': { ignored: WANDB },
  'experiment.wandb.project': { ignored: WANDB },
  'experiment.wandb.entity': { ignored: WANDB },
  'experiment.wandb.tags': { ignored: WANDB },
  'logging.log_every_n_steps': used('train'),
  'logging.log_gradients': used('train'),
  'logging.log_weights': used('train'),
  'resources.max_memory_gb': used('data', 'train'),
  'resources.threads': used('config'),
  'resources.processes': used('config', 'train'),
  'resources.distributed': used('config'),
  'resources.compile_model': {
    ignored: "There is no torch.compile here; bgb's layers run as they are written.",
  },
  'resources.mixed_precision': used('config'),
};

/** What bgb does with a field; null where there is no such field. */
export function fieldUse(name: string): FieldUse | null {
  return Object.hasOwn(FIELDS, name) ? FIELDS[name as FieldName] : null;
}
