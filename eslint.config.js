import js from '@eslint/js';
import ts from 'typescript-eslint';

export default ts.config({ ignores: ['dist/', 'out/', 'coverage/'] }, js.configs.recommended, {
  files: ['**/*.ts'],
  extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
  languageOptions: { parserOptions: { projectService: true } },
  rules: {
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    // The typed arrays of the data plane are read by index in dense arithmetic; the control plane is checked by
    // noUncheckedIndexedAccess, where `!` would hide a real undefined.
    '@typescript-eslint/no-non-null-assertion': 'error',
    '@typescript-eslint/prefer-literal-enum-member': ['error', { allowBitwiseExpressions: true }],
    // Enums live in typed arrays and packed words as the numbers they are.
    '@typescript-eslint/no-unsafe-enum-comparison': 'off',
    '@typescript-eslint/no-unsafe-enum-assignment': 'off',
  },
});
