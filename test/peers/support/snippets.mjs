// Templates that the two agents must render alike, over the store of `sample`.

/** Pairs the snippets ask for. */
export const sample = new Map([
  ['/app/name', 'web'],
  ['/app/port', '8080'],
  ['/app/flag', 'true'],
  ['/app/empty', ''],
  ['/app/text', 'Grüße aus Köln, 日本 & "so" <on>'],
  ['/app/lines', 'one\ntwo\n\nthree'],
  ['/app/list', 'b,a,c,a'],
  ['/app/doc', '{"id":7,"big":1234567,"pi":3.25,"tags":["x","y"],"in":{"a":null,"b":[1,[2]]},"e":"é","z":1e21}'],
  ['/app/array', '["p","q",{"r":1}]'],
  ['/app/number', '42'],
  ['/app/b64', 'aMOpbGxv'],
  ['/srv/web/a1', '10.0.0.1:80'],
  ['/srv/web/a2', '10.0.0.2:80'],
  ['/srv/web/a10', '10.0.0.10:80'],
  ['/srv/db/main/host', 'db1'],
  ['/srv/db/main/port', '5432'],
  ['/srv/db/spare/host', 'db2'],
]);

/** Each becomes a template of its own; those that fail must fail with the same words. */
export const snippets = String.raw`
{{getv "/app/name"}} {{getv "/app/none" "d"}} {{getv "/app/none" ""}}|{{getv "/app/empty" "d"}}
{{getv "/app/none"}}
{{get "/app/name"}} {{(get "/app/name").Key}} {{with get "/app/port"}}{{.Value}}{{end}} {{printf "%+v %v %q" (get "/app/name") (get "/app/name") (get "/app/name")}}
{{get "/nope"}}
{{(get "/app/name").key}}
{{exists "/app/name"}} {{exists "/app"}} {{exists "app/name"}} {{exists "/app/name/"}}
{{gets "/app/n*"}} {{gets "/none/*"}} {{len (gets "/srv/*/*")}} {{gets "/srv/w?b/a[12]"}} {{gets "/srv/web/a[^1]*"}}
{{range gets "/srv/web/*"}}{{.Key}}={{.Value}};{{else}}none{{end}}
{{range $i, $p := gets "/srv/*/*/*"}}{{$i}}:{{base $p.Key}}:{{dir $p.Key}} {{end}}
{{getvs "/srv/web/*"}} {{getvs "/srv/*/*/host"}} {{range $n, $v := getvs "/app/*"}}{{$n}} {{end}}
{{gets "/app/[a"}}
{{getvs "[]"}}
{{ls "/srv"}} {{ls "/srv/web"}} {{ls "/"}} {{ls ""}} {{ls "/app/name"}} {{ls "/srv/"}} {{ls "//srv"}} {{ls "/none"}}
{{lsdir "/srv"}} {{lsdir "/srv/db"}} {{lsdir "/"}} {{lsdir "/app"}} {{lsdir "/srv/db/"}}
{{toUpper "aß日é"}} {{toLower "ÀÉÎ ΑΣ İ"}} {{contains "abc" "bc"}} {{contains "" ""}} {{replace "aXbXc" "X" "-" 1}} {{replace "abc" "" "." -1}}
{{split "a,b,,c" ","}} {{split "" ","}} {{len (split "añb" "")}} {{join (split "a,b" ",") "+"}} {{trimSuffix "x.conf" ".conf"}} {{"x.conf" | trimSuffix ".conf"}}
{{join (jsonArray "[1]") ","}}
{{split 1 ","}}
{{split "a"}}
{{base "/a/b/"}} {{base ""}} {{base "/"}} {{dir "a"}} {{dir "/a/b/"}} {{dir "/"}} {{dir ""}} {{base "a//b"}}
{{base64Encode "héllo\x00\xff"}} {{base64Decode (getv "/app/b64")}} {{base64Decode "YQ=="}}
{{base64Decode "a-_b"}}
{{parseBool "T"}} {{parseBool (getv "/app/flag")}} {{if parseBool "0"}}y{{else}}n{{end}}
{{parseBool "yes"}}
{{$d := json (getv "/app/doc")}}{{$d.id}} {{$d.big}} {{$d.pi}} {{$d.tags}} {{$d.in}} {{$d.missing}} {{$d.in.a}} {{$d.z}} {{$d.e}} {{$d.x.y}}
{{$d := json (getv "/app/doc")}}{{range $k, $v := $d}}{{$k}}={{$v}};{{end}} {{len $d}} {{index $d.tags 1}} {{printf "%T %T %d %s %.2f" $d.id $d.tags $d.id $d.id $d.pi}}
{{range jsonArray (getv "/app/array")}}[{{.}}]{{end}} {{index (jsonArray (getv "/app/array")) 2}} {{jsonArray "[]"}} {{json "{}"}} {{json "null"}}
{{json "[1]"}}
{{json "{\"a\":}"}}
{{json ""}}
{{jsonArray "{}"}}
{{json "{} x"}}
{{json "{\"a\":1"}}
{{(json "{\"a\":[1]}").a.b}}
{{index (jsonArray "[1]") 5}}
{{add 1 2}} {{sub 1 5}} {{mul 7 -6}} {{div -7 2}} {{mod -7 3}} {{add 9223372036854775807 1}} {{seq 1 4}} {{seq 3 1}} {{len (seq 2 9)}}
{{div 1 0}}
{{mod 1 0}}
{{add 1.5 1}}
{{add "1" 2}}
{{add (json "{\"a\":1}").a 1}}
{{atoi "42" | add 1}} {{atoi "-7"}} {{atoi "+007"}} {{seq 1 (atoi (getv "/app/number")) | len}}
{{atoi "x"}}
{{atoi "99999999999999999999"}}
{{reverse (split "a,b,c" ",")}} {{reverse (gets "/srv/web/*")}} {{reverse (sortKVByLength (gets "/srv/web/*"))}} {{$l := split "a,b" ","}}{{reverse $l}}{{$l}} {{reverse "ab"}} {{reverse (seq 1 3)}}
{{sortByLength (split "ccc,a,bb,dd,e,fff" ",")}} {{range sortKVByLength (gets "/srv/*/*")}}{{.Key}} {{end}}
{{sortByLength (split "a1,b1,c1,d1,e1,f1,g1,h1,i1,j1,k1,l1,m1,n1,o1,p1,aaa,b" ",")}}
{{$m := map "a" 1 "b" "x" "a" 3}}{{$m}} {{index $m "a"}} {{$m.b}} {{$m.none}} {{len $m}} {{range $k, $v := $m}}{{$k}}{{$v}}{{end}} {{map}}
{{map "a"}}
{{map 1 2}}
{{getenv "PEER"}} {{getenv "PEER_NONE" "d"}} {{getenv "PEER_EMPTY" "d"}}|{{getenv "PEER_NONE"}}|
{{fileExists "/etc/passwd"}} {{fileExists "/etc/nothing"}} {{fileExists ""}} {{fileExists "/etc/passwd/x"}}
{{lookupIP "127.0.0.1"}} {{lookupIPV4 "localhost"}} {{lookupIPV6 "127.0.0.1"}} {{lookupIP ""}} {{lookupIP "::ffff:1.2.3.4"}}
{{(datetime).Format "2006"}} {{datetime.Year}} {{(datetime.UTC).Location}} {{datetime.IsZero}}
{{if and (exists "/app/name") (eq (getv "/app/name") "web")}}yes{{else if exists "/x"}}x{{else}}no{{end}} {{or "" "b"}} {{and 0 1}} {{not 1}} {{or (getv "/app/empty") "d"}}
{{with $x := getv "/app/name"}}{{$x}}{{.}}{{else}}e{{end}} {{with getv "/app/empty"}}x{{else with "z"}}{{.}}{{end}}
{{range $i, $e := split "a,b,c,d" ","}}{{if eq $e "b"}}{{continue}}{{end}}{{if eq $i 3}}{{break}}{{end}}{{$e}}{{end}}
{{range 3}}{{.}}{{end}} {{range $i := 2}}{{$i}}{{end}}
{{define "t"}}<{{.}}|{{$}}>{{end}}{{template "t" 1}}{{template "t" "x"}}{{template "t"}}{{block "b" 5}}[{{.}}]{{end}}
{{template "none"}}
a  {{- 1 -}}  b {{/* c */}} c {{- /* d */ -}} d {{3 -}} {{- 4}}
{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 9}}{{end}}{{$x}} {{$y := "a"}}{{range seq 1 2}}{{$y = print $y .}}{{end}}{{$y}}
{{.}} {{.foo}} {{$}} {{printf "%v" .}} {{print nil}}
{{print 1 2 "a" "b" 3 4}} {{println "x" 1}} {{printf "%5d|%-5s|%05.1f|%x|%X|%q|%t|%v|%c|%U|%e|%o|%b|%%" 42 "ab" 3.14159 "hi" 255 "q\n" true nil 65 66 1234.5 8 5}}
{{printf "%d" "a"}} {{printf "%s" 5}} {{printf "%d"}} {{printf "x" 1}} {{printf "%z" 1}} {{printf "100%"}} {{printf "%[2]d %[1]d" 1 2}} {{printf "%*d" 5 3}}
{{html "a<b>&\"'"}} {{js "it's <b>\n\"é"}} {{urlquery "a b&c=é/"}} {{html 1 "<"}} {{len "日本"}} {{slice "hello" 1 3}} {{index "abc" 1}} {{slice (seq 1 5) 2}}
{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1.5 1.5}} {{eq true true}} {{lt "a" "B"}}
{{eq 1 "1"}}
{{eq 1 1.0}}
{{lt (seq 1 2) 1}}
{{len 5}}
{{index (map "a" 1) 1}}
{{slice "abc" 5}}
{{call 1}}
{{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{'a'}} {{1e3}} {{1.0}} {{.5}} {{-3}} {{1e6}} {{1234567.0}} {{0.00001}} {{1e21}} {{0x1p4}} {{2i}}
{{"\u00e9\x41\101\t\"\\"}} {{´raw "q" \n´}} {{true}} {{print false}}
{{getv "/app/lines"}}
{{range split (getv "/app/lines") "\n"}}> {{.}}
{{"a" | printf "%s-%s" "b"}} {{getv "/app/name" | toUpper | printf "%q"}} {{("x")}} {{(index (gets "/srv/web/*") 0).Value}}
{{nofunc 1}}
{{if}}x{{end}}
{{range seq 1 2}}
{{end}}
{{"unclosed
{{.a.b
{{getv "/app/name" | }}
{{$undefined}}
{{ /* spaced */ }}
{{nil}}
{{1 2}}
{{"a".b}}
{{break}}
{{range $a, $b, $c := seq 1 2}}{{end}}
{{else}}
{{getv 1}}
{{getv}}
{{gets "/a" "b"}}
{{toUpper "a" "b"}}
{{3-}}
text only, no newline at the end €
`
  .replaceAll('´', '`')
  .split('\n')
  .filter((line) => line !== '');
