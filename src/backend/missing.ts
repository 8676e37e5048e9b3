import { type SettingRows, textSetting } from '../config/schema/schema.ts';
import type { FlagValue } from '../go/flag.ts';
import type { MissingEntry } from './contract/entry.ts';

/** The stores that Go's confd reads and this release does not: their settings are accepted, but not offered. */
export const missingEntries = [
  missing('acm', 'certificates of AWS', {}),
  {
    ...missing('dynamodb', 'a table of DynamoDB', { table: textSetting('table', 'DynamoDB table') }),
    check: (value: (flag: string) => FlagValue) =>
      value('table') === '' ? { setting: null, message: 'no DynamoDB table configured' } : null,
  },
  missing('rancher', 'the metadata service of Rancher', {}),
  missing('secretsmanager', 'AWS Secrets Manager', {}),
  missing('ssm', 'parameters of AWS Systems Manager', {}),
  missing('zookeeper', 'ZooKeeper', {}),
] as const;

function missing<Rows extends SettingRows>(name: string, description: string, settings: Rows): MissingEntry<Rows> {
  return { kind: 'missing', name, description, settings };
}
