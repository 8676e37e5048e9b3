/** A call of a service's program that does something else than it seems to. */
interface CommandTrap {
  /** Matches the name of the program and its arguments, with one blank between two. */
  readonly call: RegExp;
  readonly unlessCall?: RegExp;
  /** Matches the text of a whole command that is without the trap. */
  readonly unlessText?: RegExp;
  readonly why: string;
}

/** A check_cmd that looks right and is not. */
export interface CheckTrap extends CommandTrap {
  /** The checker takes whole files only, finds nothing in broken ones, or goes by the name of the file. */
  readonly kind: 'check-of-part' | 'check-finds-nothing' | 'check-needs-name';
  /** Matches the dests that have the trap. */
  readonly dest?: RegExp;
}

/** A folder whose reader goes by names. */
interface ReadFolder {
  readonly path: string;
  /** Matches the names of files that are not read. */
  readonly passesOver?: RegExp;
  /** Whether it reads files whose names begin with a dot, as the names of stage files do. */
  readonly readsDotFiles?: true;
  readonly why: string;
}

/**
 * What is known of a service whose files confd may write, as Debian 12 packages it. It is data only: whoever checks a
 * resource, or writes one, goes by the same rows.
 */
export interface Service {
  readonly name: string;
  /** Matches the names of its programs and units. */
  readonly called: RegExp;
  /** A check_cmd for a dest that is the whole configuration; null where none judges a file by its path. */
  readonly check: string | null;
  /** A reload_cmd that fails when the service did not take the file; null where none is known, or none is needed. */
  readonly reload: string | null;
  /** Matches the calls that check; told of no file, they judge what is in force. */
  readonly checks?: RegExp;
  readonly checkTraps?: readonly CheckTrap[];
  /** Commands whose exit code says nothing. */
  readonly reloadTraps?: readonly CommandTrap[];
  /** What a signal that shall reload it does when the file is broken; 'nothing': it reads no configuration then. */
  readonly onSignal?: 'ends' | 'keeps' | 'nothing';
  /** Why `systemctl reload` proves nothing, where it does not. */
  readonly unitReload?: string;
  /** What `service NAME reload` does when the service does not run, where it reports no failure then. */
  readonly initReload?: string;
  /** Matches the dests that onSignal is about, where it is not all. */
  readonly configuration?: RegExp;
  readonly folders?: readonly ReadFolder[];
}

/** The stage file as commands name it. */
const src = String.raw`(?:\{\{\.src\}\}|\$\{?CONFD_SRC\b\}?)`;
const signalOfUnit = 'the unit sends a signal, and does not hear whether the service took the new file';

const cronFolder = (name: string): ReadFolder => ({
  path: `/etc/${name}`,
  passesOver: /[^A-Za-z0-9_-]/,
  why: 'cron reads no file whose name has other characters than letters, digits, - and _',
});

/** The services, in alphabetical order. */
export const services: readonly Service[] = [
  {
    name: 'apache2',
    called: /^(?:apache2|apache2ctl|apachectl|httpd)$/,
    check: 'apache2ctl -t -f {{.src}}',
    reload: 'apache2ctl graceful',
    checks: / (?:-t|configtest)(?: |$)/,
    onSignal: 'ends',
  },
  {
    name: 'bind9',
    called: /^(?:bind9|named|named-checkconf|named-checkzone|rndc)$/,
    check: 'named-checkconf {{.src}}',
    reload: 'rndc reconfig',
    checks: /^named-checkconf(?: |$)/,
  },
  {
    name: 'bird',
    called: /^(?:bird|birdc)$/,
    check: 'bird -p -c {{.src}}',
    reload: 'birdc configure',
    checks: / -p(?: |$)/,
    onSignal: 'keeps',
  },
  {
    name: 'caddy',
    called: /^caddy$/,
    check: 'caddy validate --adapter caddyfile --config {{.src}}',
    reload: 'caddy reload --config {{.dest}}',
    checks: / validate(?: |$)/,
    checkTraps: [
      {
        kind: 'check-needs-name',
        call: / validate(?: |$)/,
        unlessCall: /--adapter\b/,
        why: 'without --adapter, caddy reads a file whose name does not begin with "Caddyfile" as JSON',
      },
    ],
  },
  {
    name: 'chrony',
    called: /^(?:chrony|chronyd)$/,
    check: 'chronyd -p -f {{.src}}',
    reload: 'systemctl restart chrony',
    checks: / -p(?: |$)/,
  },
  {
    name: 'collectd',
    called: /^collectd$/,
    check: null,
    reload: 'systemctl restart collectd',
    checkTraps: [
      {
        kind: 'check-finds-nothing',
        call: / -[tT](?: |$)/,
        why: 'collectd -t exits with 0 for an open block, an unknown option and a missing file',
      },
    ],
  },
  {
    name: 'cron',
    called: /^crond?$/,
    check: null,
    reload: null,
    folders: ['cron.d', 'cron.hourly', 'cron.daily', 'cron.weekly', 'cron.monthly'].map(cronFolder),
  },
  {
    name: 'dnsmasq',
    called: /^dnsmasq$/,
    check: 'dnsmasq --test -C {{.src}}',
    reload: 'systemctl restart dnsmasq',
    checks: / --test(?: |$)/,
    onSignal: 'nothing',
    configuration: /\/dnsmasq\.conf$|\/dnsmasq\.d\//,
  },
  {
    name: 'envoy',
    called: /^envoy$/,
    check: 'envoy --mode validate --config-yaml "$(cat {{.src}})"',
    reload: null,
    checks: / --mode[ =]validate(?: |$)/,
    checkTraps: [
      {
        kind: 'check-needs-name',
        call: new RegExp(` (?:-c|--config-path)[ =]${src}`),
        why: 'envoy reads YAML only from names that end in .yaml: write --config-yaml "$(cat {{.src}})"',
      },
    ],
  },
  {
    name: 'haproxy',
    called: /^haproxy$/,
    check: 'haproxy -c -q -f {{.src}}',
    reload: 'systemctl reload haproxy',
    checks: / -c(?: |$)/,
    checkTraps: [
      {
        kind: 'check-finds-nothing',
        call: / -Ws?(?: |$)/,
        why: 'with -W or -Ws, haproxy -c exits with 0 for a file without a listener: leave it out',
      },
    ],
    onSignal: 'keeps',
  },
  {
    name: 'hitch',
    called: /^hitch$/,
    check: 'hitch --test --config={{.src}}',
    reload: null,
    checks: / (?:-t|--test)(?: |$)/,
  },
  {
    name: 'keepalived',
    called: /^keepalived$/,
    check: 'test -s {{.src}} && keepalived -t -f {{.src}}',
    reload: null,
    checks: / (?:-t|--config-test)(?: |=|$)/,
    checkTraps: [
      {
        kind: 'check-finds-nothing',
        call: / (?:-t|--config-test)(?: |=|$)/,
        unlessText: /(?:^|[\s;&|])(?:test|\[)\s+-s\s/,
        why: 'keepalived -t exits with 0 for an empty file: put "test -s {{.src}} &&" in front',
      },
    ],
    onSignal: 'keeps',
  },
  {
    name: 'knot',
    called: /^(?:knot|knotc|knotd)$/,
    check: 'knotc -c {{.src}} conf-check',
    reload: null,
    checks: / conf-check(?: |$)/,
  },
  {
    name: 'lighttpd',
    called: /^lighttpd$/,
    check: 'lighttpd -tt -f {{.src}}',
    reload: null,
    checks: / -tt?(?: |$)/,
    onSignal: 'ends',
    unitReload: signalOfUnit,
  },
  {
    name: 'logrotate',
    called: /^logrotate$/,
    check: "! logrotate -d -s /dev/null {{.src}} 2>&1 | grep '^error:'",
    reload: null,
    checkTraps: [
      {
        kind: 'check-finds-nothing',
        call: / (?:-[vf]*d[vf]*|--debug)(?: |$)/,
        unlessText: /\bgrep\b/,
        why: 'logrotate -d exits with 0 for options that it does not know: look for "error:" in its output',
      },
    ],
    folders: [
      {
        path: '/etc/logrotate.d',
        readsDotFiles: true,
        why: 'logrotate reads stage files, too, and then takes dest for a duplicate',
      },
    ],
  },
  {
    name: 'monit',
    called: /^monit$/,
    check: 'monit -t -c {{.src}}',
    reload: null,
    checks: / -t(?: |$)/,
  },
  { name: 'mosquitto', called: /^mosquitto$/, check: null, reload: null },
  {
    name: 'nftables',
    called: /^(?:nft|nftables)$/,
    check: 'nft -c -f {{.src}}',
    reload: 'nft -f {{.dest}}',
    checks: / -c(?: |$)/,
  },
  {
    name: 'nginx',
    called: /^(?:nginx|openresty)$/,
    check: 'nginx -t -q -c {{.src}}',
    reload: 'nginx -s reload',
    checks: / -q?[tT]q?(?: |$)/,
    checkTraps: [
      {
        kind: 'check-of-part',
        call: new RegExp(` -c ?${src}`),
        dest: /\/(?:sites-(?:enabled|available)|conf\.d|snippets|modules-enabled)\/[^/]+$/,
        why: 'nginx -c takes a whole configuration, and dest is a part of one: check it through a main file that includes {{.src}}',
      },
    ],
    onSignal: 'keeps',
    initReload: 'the init script exits with 0 when nginx does not run',
  },
  {
    name: 'nsd',
    called: /^(?:nsd|nsd-checkconf|nsd-control)$/,
    check: 'nsd-checkconf {{.src}}',
    reload: null,
    checks: /^nsd-checkconf(?: |$)/,
  },
  { name: 'pgbouncer', called: /^pgbouncer$/, check: null, reload: null, onSignal: 'keeps' },
  {
    name: 'php-fpm',
    called: /^php-fpm[0-9.]*$|^php[0-9.]+-fpm$/,
    check: 'php-fpm8.2 -t -y {{.src}}',
    reload: null,
    checks: / -tt?(?: |$)/,
    onSignal: 'ends',
    unitReload: signalOfUnit,
  },
  {
    name: 'postfix',
    called: /^(?:postfix|postconf)$/,
    check: null,
    reload: 'postfix reload',
    unitReload: "Debian's unit postfix reloads with /bin/true",
  },
  {
    name: 'prometheus',
    called: /^(?:prometheus|promtool)$/,
    check: 'promtool check config {{.src}}',
    reload: 'curl -sSf -X POST http://127.0.0.1:9090/-/reload',
    checks: /^promtool check /,
    onSignal: 'keeps',
    unitReload: signalOfUnit,
  },
  {
    name: 'redis',
    called: /^(?:redis|redis-server|redis-cli)$/,
    check: null,
    reload: 'systemctl restart redis-server',
    reloadTraps: [
      {
        call: /^redis-cli /,
        unlessCall: / -e(?: |$)/,
        why: 'redis-cli exits with 0 when the server refuses: write -e',
      },
    ],
    onSignal: 'nothing',
  },
  {
    name: 'rsyslog',
    called: /^rsyslogd?$/,
    check: 'rsyslogd -N1 -f {{.src}}',
    reload: 'systemctl restart rsyslog',
    checks: / -N ?[0-9]/,
    onSignal: 'nothing',
    unitReload: 'the unit sends SIGHUP, which only reopens files',
  },
  {
    name: 'squid',
    called: /^squid$/,
    check: 'squid -k parse -f {{.src}}',
    reload: 'squid -k reconfigure',
    checks: / -k ?parse(?: |$)/,
    onSignal: 'ends',
    unitReload: signalOfUnit,
  },
  {
    name: 'sshd',
    called: /^sshd?$/,
    check: '/usr/sbin/sshd -t -f {{.src}}',
    reload: null,
    checks: / -[tT](?: |$)/,
  },
  {
    name: 'sudo',
    called: /^visudo$/,
    check: 'visudo -c -f {{.src}}',
    reload: null,
    checks: / (?:-q?cq?|--check)(?: |$)/,
    folders: [
      {
        path: '/etc/sudoers.d',
        passesOver: /\.|~$/,
        why: 'sudo reads no file whose name has a dot, or a ~ at its end',
      },
    ],
  },
  {
    name: 'supervisor',
    called: /^supervisor(?:ctl|d)?$/,
    check: null,
    reload: 'supervisorctl reread && supervisorctl update',
  },
  {
    name: 'systemd',
    called: /^systemd-analyze$/,
    check: null,
    reload: 'systemctl daemon-reload',
    checkTraps: [
      {
        kind: 'check-needs-name',
        call: new RegExp(` verify ${src}(?: |$)`),
        why: 'systemd-analyze verify goes by the name of the unit: write {{.src}}:NAME.service',
      },
    ],
  },
  { name: 'traefik', called: /^traefik$/, check: null, reload: null },
  {
    name: 'unbound',
    called: /^(?:unbound|unbound-checkconf|unbound-control)$/,
    check: 'unbound-checkconf {{.src}}',
    reload: 'unbound-checkconf && unbound-control reload',
    checks: /^unbound-checkconf(?: |$)/,
    onSignal: 'ends',
    unitReload: signalOfUnit,
    reloadTraps: [
      {
        call: / reload(?:_keep_cache)?(?: |$)/,
        unlessText: /\bunbound-checkconf\b/,
        why: 'unbound-control reload exits with 0, and unbound ends, for a broken file: put "unbound-checkconf &&" in front',
      },
    ],
  },
  {
    name: 'varnish',
    called: /^(?:varnish|varnishd|varnishadm)$/,
    check: 'varnishd -C -f {{.src}}',
    reload: 'name=c$(date +%s%N); varnishadm vcl.load $name {{.dest}} && varnishadm vcl.use $name',
    checks: / -C(?: |$)/,
  },
  { name: 'vsftpd', called: /^vsftpd$/, check: null, reload: null, onSignal: 'keeps' },
];

/** The service that a program or a unit of that name belongs to. */
export function serviceCalled(name: string): Service | undefined {
  return services.find(({ called }) => called.test(name));
}
