/** The page of a diagnosis whose every text is this one. */
import { diagnosisSheet } from '../../harness/report/diagnosis-sheet.ts';
import { diagnosisPage } from '../../harness/report/html/diagnosis-page.ts';

export function madeUpDiagnosis(text: string): string {
  const evidence = [
    { line: 2, text, shows: text },
    { line: 0, text, shows: text },
  ];
  const said = { evidence, not: [text], next: [text], summary: text, current: text, available: [text] };
  const sheet = diagnosisSheet(
    { registration: 'never', cause: 'undetermined', confidence: 'none', ...said },
    { found: text },
    text,
    [
      { n: 1, shown: text },
      { n: 2, shown: text },
    ],
  );
  return [...diagnosisPage(sheet)].join('');
}
