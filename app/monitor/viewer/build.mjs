// node build.mjs NODE_MODULES OUT: one script and one style sheet, with the icons and fonts that Grafana's components ask for
import { cpSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const modules = resolve(process.argv[2]);
const out = resolve(process.argv[3]);
const { build } = createRequire(join(modules, 'any.js'))('esbuild');

// editors, maps and telemetry that no dashboard shows: most of the weight
const UNUSED = /^(monaco-editor|react-monaco-editor|ol|slate|slate-react|prismjs|@grafana\/faro-web-sdk)(\/|$)/;
// of these CommonJS packages an importer that ends in .mjs gets the whole module as default, and React gets no component
const WRAPPED = /^(react-highlight-words|react-custom-scrollbars-2|calculate-size|react-use\/lib\/\w+|rc-picker\/lib\/.*)$/;

const leaveOut = {
  name: 'leave-out',
  setup(plugins) {
    plugins.onResolve({ filter: UNUSED }, () => ({ path: 'unused', namespace: 'unused' }));
    plugins.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: `module.exports = new Proxy(function () {}, {
        get: (target, key) => (key === '__esModule' ? false : key in target ? target[key] : target),
      });`,
    }));
  },
};

const unwrapDefaults = {
  name: 'unwrap-defaults',
  setup(plugins) {
    plugins.onResolve({ filter: WRAPPED }, ({ importer, path, resolveDir }) =>
      importer.endsWith('.mjs') ? { path, namespace: 'unwrapped', pluginData: resolveDir } : null,
    );
    plugins.onLoad({ filter: /.*/, namespace: 'unwrapped' }, ({ path, pluginData }) => ({
      resolveDir: pluginData,
      contents: `const found = require(${JSON.stringify(path)});
        module.exports = found.__esModule && found.default ? found.default : found;`,
    }));
  },
};

mkdirSync(out, { recursive: true });
await build({
  entryPoints: { viewer: join(HERE, 'src', 'main.jsx') },
  outdir: out,
  nodePaths: [modules],
  bundle: true,
  minify: true,
  format: 'iife',
  jsx: 'automatic',
  target: 'es2022',
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  legalComments: 'linked',
  logLevel: 'warning',
  plugins: [leaveOut, unwrapDefaults],
});

cpSync(join(HERE, 'src', 'index.html'), join(out, 'index.html'));
cpSync(join(modules, '@grafana/ui/dist/public/img/icons'), join(out, 'public/img/icons'), { recursive: true });
const FONTS = {
  'inter/files/inter-latin-400-normal': 'inter/Inter-Regular',
  'inter/files/inter-latin-500-normal': 'inter/Inter-Medium',
  // the name that Grafana's own style sheet asks for
  'roboto-mono/files/roboto-mono-latin-400-normal': 'roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ',
};
for (const [from, to] of Object.entries(FONTS)) {
  cpSync(join(modules, '@fontsource', `${from}.woff2`), join(out, 'public/fonts', `${to}.woff2`));
}
