import { readEnvironment } from '../config/index.ts';
import { connect, imageOf, ModalPlace, toldOf } from '../modal/index.ts';
import { type PlaceOptions, settingsOf } from './modal-options.ts';

/** Does something at Modal, and lets go of the connection. */
export async function atModal<Result>(
  options: PlaceOptions,
  work: (place: ModalPlace) => Promise<Result>,
): Promise<Result> {
  const settings = settingsOf(options, readEnvironment());
  const client = await connect();
  try {
    return await work(new ModalPlace(client, settings, imageOf));
  } catch (error) {
    throw toldOf(error);
  } finally {
    client.close();
  }
}
