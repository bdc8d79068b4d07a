import { contractVersion } from '@varve/engine/plugin';

/** A plugin that works as it stands, for somebody who writes their first one. */
export function pluginTemplate(name: string): string {
  return `// A plugin of varve: varve build . --plugin ./${name}.js,largest=500
import { definePlugin } from '@varve/engine/plugin';

export default definePlugin({
  // Gets what is written behind the name as texts: { largest: '500' }.
  parseOptions({ largest = '500', ...unknown }) {
    const problems = Object.keys(unknown).map(option => \`there is no option \${option}\`);
    if (!/^[0-9]+$/.test(largest)) problems.push('largest is a number of megabytes');
    if (problems.length > 0)
      throw Object.assign(new Error(\`${name}: \${problems.join('; ')}\`), { code: 'E_PLUGIN_OPTIONS' });
    return { largest: Number(largest) };
  },

  create({ largest }) {
    return {
      name: '${name}',
      version: '0.1.0',
      contract: '^${contractVersion}',
      hooks: {
        // Before anything is exported; throwing refuses the image, and the hint says what to do about it.
        imageBuilt(image) {
          const size = image.layers.reduce((sum, layer) => sum + layer.descriptor.size, 0) / 1e6;
          if (size > largest)
            throw Object.assign(new Error(\`the image has \${size.toFixed(1)} MB\`), { hint: \`it may have \${largest} MB\` });
        },
      },
    };
  },
});
`;
}
